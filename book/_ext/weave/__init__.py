"""What is put on the pages: captions, listings, links, steppers and so on."""
