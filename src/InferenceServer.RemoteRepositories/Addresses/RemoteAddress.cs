namespace InferenceServer.RemoteRepositories.Addresses;

/// <summary>Where a repository is. It holds no secret.</summary>
public sealed record RemoteAddress
{
    /// <summary>The kind of store.</summary>
    public required StoreKind Kind { get; init; }

    /// <summary>As it was given, which is what credentials are chosen by.</summary>
    public required string Text { get; init; }

    /// <summary>The same for all ways to write it, and for no other repository.</summary>
    public required string Url { get; init; }

    /// <summary>The store's own address; null for that of the provider.</summary>
    public Uri? Endpoint { get; init; }

    /// <summary>The storage account, of Azure alone; empty for none.</summary>
    public string Account { get; init; } = "";

    /// <summary>The bucket or the container.</summary>
    public required string Bucket { get; init; }

    /// <summary>What all keys begin with: empty, or ending with '/'.</summary>
    public required string Prefix { get; init; }
}
