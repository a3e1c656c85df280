namespace InferenceServer.RemoteRepositories.Credentials;

/// <summary>Who the server is to Azure Blob Storage. Without a key it is nobody, which public containers take.</summary>
internal sealed record AzureCredential
{
    /// <summary>The account that the key belongs to; null for that of the address.</summary>
    public string? Account { get; init; }

    public string? Key { get; init; }

    /// <summary>Names no secret.</summary>
    public override string ToString() => nameof(AzureCredential);
}
