using InferenceServer.Core.Mirrors;
using InferenceServer.RemoteRepositories.Addresses;
using InferenceServer.RemoteRepositories.AzureBlobs;
using InferenceServer.RemoteRepositories.Credentials;
using InferenceServer.RemoteRepositories.S3;

namespace InferenceServer.RemoteRepositories;

/// <summary>Makes repositories of addresses.</summary>
public static class RemoteRepositoryFactory
{
    /// <summary>Makes a repository. Nothing is asked yet.</summary>
    /// <param name="address">Where it is.</param>
    /// <param name="credentials">Credentials that have no problem with the address.</param>
    public static IRemoteRepository Create(RemoteAddress address, CloudCredentials credentials)
    {
        ArgumentNullException.ThrowIfNull(address);
        ArgumentNullException.ThrowIfNull(credentials);
        return address.Kind switch
        {
            StoreKind.S3 => new S3Repository(address, credentials.FindS3(address) ?? new S3Credential()),
            _ => new AzureRepository(address, credentials.FindAzure(address) ?? new AzureCredential()),
        };
    }
}
