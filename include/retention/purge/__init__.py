"""A manual purge: what a person asks for by customer, person, item or dates; a second person approves exactly that."""
