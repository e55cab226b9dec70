"""Label Studio: a server of one's own, articles up, annotations down."""
