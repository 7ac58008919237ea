"""Tests mirror the packages; property/, golden/ and worlds/ cut across them."""
