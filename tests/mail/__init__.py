"""Tests of mail: real servers, real messages."""
