"""The processes of Rainbarrel: what `serve` starts and keeps alive, their ports, and what they tell of themselves."""
