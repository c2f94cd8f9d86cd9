"""Notebook 15: peers on many machines, that seldom hear of each other. Anil et al. 2018,
arXiv 1804.03235.
"""
