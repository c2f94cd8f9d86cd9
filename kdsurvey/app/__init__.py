"""The panels as a page without code, for a projector or a class: `kdsurvey app`."""
