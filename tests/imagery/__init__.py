"""Tests of images and of the ships found in them."""
