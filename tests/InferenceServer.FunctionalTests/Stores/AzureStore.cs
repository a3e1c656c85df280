using System.Security.Cryptography;
using Azure.Storage;
using Azure.Storage.Blobs;
using InferenceServer.Testing.Files;

namespace InferenceServer.FunctionalTests.Stores;

/// <summary>azurite: a server that speaks Azure Blob Storage, with its blobs in a folder.</summary>
internal sealed class AzureStore : IStore
{
    private const string Account = "testaccount";
    private const string Container = "models";

    // One for the process: the server under test takes it from the environment.
    private static readonly string s_key = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));

    private readonly TemporaryDirectory _folder;
    private readonly StoreProcess _process;
    private readonly BlobContainerClient _client;
    private readonly string _endpoint;

    private AzureStore(TemporaryDirectory folder, StoreProcess process, int port)
    {
        _folder = folder;
        _process = process;
        _endpoint = $"http://127.0.0.1:{port}";
        _client = new BlobContainerClient(new Uri($"{_endpoint}/{Account}/{Container}"), new StorageSharedKeyCredential(Account, s_key));
        Environment.SetEnvironmentVariable("AZURE_STORAGE_ACCOUNT", Account);
        Environment.SetEnvironmentVariable("AZURE_STORAGE_KEY", s_key);
    }

    public static async Task<AzureStore> StartAsync()
    {
        var folder = new TemporaryDirectory();
        var (process, port) = await StoreProcess.StartAsync(
            "azurite-blob",
            port => ["--location", folder.FullPath, "--blobHost", "127.0.0.1", "--blobPort", port, "--disableTelemetry", "--skipApiVersionCheck"],
            new Dictionary<string, string> { ["AZURITE_ACCOUNTS"] = $"{Account}:{s_key}" });
        var store = new AzureStore(folder, process, port);
        await store._client.CreateAsync();
        return store;
    }

    public string Address(string prefix) => $"as://{_endpoint}/{Account}/{Container}/{prefix}";

    public Task PutAsync(string key, byte[] content) => _client.GetBlobClient(key).UploadAsync(new MemoryStream(content), overwrite: true);

    public Task DeleteAsync(string key) => _client.DeleteBlobAsync(key);

    public void Stop() => _process.End();

    public Task StartAgainAsync() => _process.StartAgainAsync();

    public void Dispose()
    {
        _process.Dispose();
        _folder.Dispose();
    }
}
