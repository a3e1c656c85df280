using System.Runtime.CompilerServices;
using Azure;
using Azure.Core;
using Azure.Core.Pipeline;
using Azure.Storage;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using InferenceServer.Core.Mirrors;
using InferenceServer.RemoteRepositories.Addresses;
using InferenceServer.RemoteRepositories.Credentials;

namespace InferenceServer.RemoteRepositories.AzureBlobs;

/// <summary>A repository in a container of Azure Blob Storage.</summary>
internal sealed class AzureRepository : IRemoteRepository, IDisposable
{
    /// <summary>What a folder of an account with a hierarchical name space looks like among blobs.</summary>
    private const string FolderMark = "hdi_isfolder";

    private readonly RemoteAddress _address;
    private readonly HttpClient _http;
    private readonly BlobContainerClient _container;

    public AzureRepository(RemoteAddress address, AzureCredential credential)
    {
        _address = address;

        // The library has a limit of its own for each try.
        _http = new HttpClient(new SocketsHttpHandler { ConnectTimeout = TimeSpan.FromSeconds(10) }) { Timeout = Timeout.InfiniteTimeSpan };
        var options = new BlobClientOptions
        {
            Transport = new HttpClientTransport(_http),
            Retry = { MaxRetries = 2, Mode = RetryMode.Exponential, Delay = TimeSpan.FromMilliseconds(200), MaxDelay = TimeSpan.FromSeconds(2), NetworkTimeout = TimeSpan.FromSeconds(30) },
            Diagnostics = { IsLoggingEnabled = false },
        };
        // The address says whose models they are; the credential, whose key it is.
        var service = address.Endpoint is { } endpoint ? new Uri(endpoint, address.Account) : new Uri($"https://{address.Account}.blob.core.windows.net");
        var container = new BlobUriBuilder(service) { BlobContainerName = address.Bucket }.ToUri();
        _container = credential.Key is { } key
            ? new BlobContainerClient(container, new StorageSharedKeyCredential(credential.Account ?? address.Account, key), options)
            : new BlobContainerClient(container, options);
    }

    public string Url => _address.Url;

    public async IAsyncEnumerable<RemoteObject> ListAsync(string start, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var pages = _container.GetBlobsAsync(BlobTraits.Metadata, BlobStates.None, _address.Prefix + start, cancellationToken).AsPages();
        await foreach (var page in PagesAsync(pages, cancellationToken).ConfigureAwait(false))
        {
            foreach (var blob in page.Values)
            {
                var key = KeyOf(blob.Name);
                if (key.Length > 0 && !IsFolder(blob))
                {
                    yield return new RemoteObject(key, blob.Properties.ContentLength ?? 0, blob.Properties.ETag?.ToString() ?? "", blob.Properties.LastModified?.UtcDateTime ?? DateTime.UnixEpoch);
                }
            }
        }
    }

    public async IAsyncEnumerable<string> ListNamesAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var pages = _container.GetBlobsByHierarchyAsync(BlobTraits.None, BlobStates.None, "/", _address.Prefix, cancellationToken).AsPages();
        await foreach (var page in PagesAsync(pages, cancellationToken).ConfigureAwait(false))
        {
            foreach (var name in page.Values.Select(item => KeyOf(item.IsPrefix ? item.Prefix : item.Blob.Name)).Where(static name => name.Length > 0))
            {
                yield return name;
            }
        }
    }

    public async Task<Stream> OpenAsync(RemoteObject listed, CancellationToken cancellationToken)
    {
        var options = new BlobDownloadOptions { Conditions = listed.Tag.Length == 0 ? null : new BlobRequestConditions { IfMatch = new ETag(listed.Tag) } };
        var blob = _container.GetBlobClient(_address.Prefix + listed.Key);
        var response = await CallAsync(() => blob.DownloadStreamingAsync(options, cancellationToken), cancellationToken).ConfigureAwait(false);
        return response.Value.Content;
    }

    public void Dispose() => _http.Dispose();

    private static bool IsFolder(BlobItem blob) =>
        blob.Properties.ContentLength is null or 0 && blob.Metadata?.Any(static one => one.Key.Equals(FolderMark, StringComparison.OrdinalIgnoreCase) && one.Value.Equals("true", StringComparison.OrdinalIgnoreCase)) == true;

    private static async IAsyncEnumerable<Page<T>> PagesAsync<T>(IAsyncEnumerable<Page<T>> pages, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var enumerator = pages.GetAsyncEnumerator(cancellationToken);
        await using (enumerator.ConfigureAwait(false))
        {
            var empty = 0;
            while (await CallAsync(() => enumerator.MoveNextAsync().AsTask(), cancellationToken).ConfigureAwait(false))
            {
                // The service may send some pages with nothing in them; not without end.
                empty = enumerator.Current.Values.Count == 0 ? empty + 1 : 0;
                if (empty > 1000)
                {
                    throw StoreFailures.Malformed("it says that there is more and leads nowhere");
                }

                yield return enumerator.Current;
            }
        }
    }

    private static async Task<T> CallAsync<T>(Func<Task<T>> call, CancellationToken cancellationToken)
    {
        try
        {
            return await call().ConfigureAwait(false);
        }
        catch (RequestFailedException exception) when (exception.Status != 0 && !cancellationToken.IsCancellationRequested)
        {
            throw StoreFailures.Answered(exception.Status, exception.ErrorCode);
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            // Whatever the SDK throws: nobody above knows its exceptions.
            throw StoreFailures.Unreachable(exception is AggregateException { InnerExceptions: [.., var last] } ? last : exception);
        }
    }

    private string KeyOf(string key) => key.StartsWith(_address.Prefix, StringComparison.Ordinal) ? key[_address.Prefix.Length..] : throw StoreFailures.Malformed("a key does not begin with the prefix");
}
