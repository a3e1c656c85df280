namespace InferenceServer.RemoteRepositories.Credentials;

/// <summary>Who the server is to S3. What is null is left to the SDK's own chain of sources.</summary>
internal sealed record S3Credential
{
    public string? KeyId { get; init; }

    public string? SecretKey { get; init; }

    public string? SessionToken { get; init; }

    public string? Region { get; init; }

    public string? Profile { get; init; }

    /// <summary>Names no secret.</summary>
    public override string ToString() => nameof(S3Credential);
}
