"""The lesson of notebook 13, what would you pick?"""
