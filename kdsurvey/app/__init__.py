"""The panels as a page without code, for a projector or a class: `python -m
kdsurvey.app`, which `make app` runs.
"""
