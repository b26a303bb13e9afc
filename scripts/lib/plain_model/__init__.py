"""The models of run folders in plain PyTorch, for scripts/pytorch_model.py and for comparison with the program."""
