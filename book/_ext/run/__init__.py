"""Executing the chapters, and what their kernels are set to."""
