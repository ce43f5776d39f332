"""What every render of a template must be, whatever was answered."""
