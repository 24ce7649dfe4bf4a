"""How a page of HTML is finished, once what it says is known."""
