namespace InferenceServer.RemoteRepositories.Addresses;

/// <summary>The kinds of object stores.</summary>
public enum StoreKind
{
    /// <summary>S3, and what speaks like it.</summary>
    S3,

    /// <summary>Azure Blob Storage.</summary>
    Azure,
}
