"""Export: a trained model in forms that other programs run."""
