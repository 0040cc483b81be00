"""All settings, the code that reads them, and the generated pages that document them."""
