"""The public gateway: verifies, stores, takes turns, sends. Only this part meets the internet and sees addresses."""
