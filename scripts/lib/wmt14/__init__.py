"""The WMT'14 English-French text from the archives as published: the recipe of Sutskever, Vinyals and Le 2014.

recipe says which archives and which files in them; archives reads those without unpacking; sgm reads the test sets;
tokenized turns pairs of lines into tokens on all cores. Nothing holds more than a few thousand lines at a time.
"""
