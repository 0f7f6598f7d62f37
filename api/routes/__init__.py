"""Thin routes: read the request, call one use case, shape the answer."""
