"""The book in other forms: EPUB, PDF, and notebooks to take along."""
