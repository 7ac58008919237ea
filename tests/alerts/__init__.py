"""Tests of alerts: the book, the outbox, the review, over both databases."""
