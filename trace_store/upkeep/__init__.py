"""What keeps a store tidy: days ahead, retention, repacking, erasure, reprocessing, dumps."""
