"""Shared trenches: cheapest trees and forests, each with a proven lower bound."""
