"""One file per command of `rainbarrel`: its help, its options (`configure`) and what it does (`run`)."""
