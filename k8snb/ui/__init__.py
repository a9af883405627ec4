"""What a person sees of steps and runs, as HTML and as text."""
