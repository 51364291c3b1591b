"""Pictures of structures and tissues, drawn for the models to see."""
