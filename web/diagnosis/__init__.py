"""The checks of `rainbarrel doctor`."""
