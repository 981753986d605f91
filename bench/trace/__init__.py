"""Put on the PYTHONPATH of a measured system: writes down when it hands out audio."""
