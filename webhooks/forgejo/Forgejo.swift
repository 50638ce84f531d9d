extension GiteaAdapter {
    /// Forgejo's webhooks: `X-Forgejo-Signature`, `X-Forgejo-Delivery`, `X-Forgejo-Event`, and payloads as Gitea's. It sends the headers of
    /// Gitea besides.
    public static let forgejo = GiteaAdapter(forge: "forgejo", brand: "Forgejo")
}
