"""What the product knows: people, words, dangers, cases, facts and how they are kept. No web framework, no Rasa."""
