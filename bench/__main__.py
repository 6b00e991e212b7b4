"""Runs every measurement, one after the other; a missed target is printed, not an error."""

from bench import conversation, understanding, webhook, words

if __name__ == "__main__":
    webhook.main()
    conversation.main()
    words.main()
    understanding.main(["--stock"])
