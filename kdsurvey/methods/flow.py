"""The FSP matrices of a net's blocks, under the name by which notebooks call them."""

from kdsurvey.methods.fsp.flow import Flow, Pairs

__all__ = ["Flow", "Pairs"]
