"""What is said and used alike by all systems but the product, which brings its own words."""

GREETING = "Hello, I am your examiner today. Can you hear me well?"
INSTRUCTIONS = "You are an oral examiner. React in one short sentence, then ask one question."
VOICE = "aura-2-orion-en"
MODEL = "openai/gpt-oss-20b"
KEY = "stand-in"
"""The plugins want keys; the stand-ins do not look at them."""
