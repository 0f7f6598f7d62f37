"""Measurements against peers: same machine, same run, same answers.

``python -m benchmarks NAME [--json]`` runs ``benchmarks/NAME.py``, whose function ``rows`` yields a
``Row`` for each thing measured. The command ends with 1 when a row misses its target.
"""
