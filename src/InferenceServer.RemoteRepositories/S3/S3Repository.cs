using System.Net;
using System.Runtime.CompilerServices;
using Amazon;
using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;
using InferenceServer.Core.Mirrors;
using InferenceServer.RemoteRepositories.Addresses;
using InferenceServer.RemoteRepositories.Credentials;

namespace InferenceServer.RemoteRepositories.S3;

/// <summary>A repository in a bucket of S3, or of a store that speaks like it.</summary>
internal sealed class S3Repository : IRemoteRepository, IDisposable
{
    /// <summary>How long a page of a listing may take. The SDK's own limit ends with the headers of the answer.</summary>
    private static readonly TimeSpan s_listing = TimeSpan.FromSeconds(60);

    private readonly RemoteAddress _address;

    // The SDK may have to ask the machine for its region: not before somebody waits for it.
    private readonly Lazy<AmazonS3Client> _client;

    public S3Repository(RemoteAddress address, S3Credential credential)
    {
        _address = address;
        _client = new Lazy<AmazonS3Client>(() => MakeClient(address, credential));
    }

    public string Url => _address.Url;

    public async IAsyncEnumerable<RemoteObject> ListAsync(string start, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var page in PagesAsync(start, delimiter: null, cancellationToken).ConfigureAwait(false))
        {
            foreach (var one in page.S3Objects ?? [])
            {
                // The prefix itself may be an object: the marker of the folder that it stands for.
                var key = KeyOf(page, one.Key);
                if (key.Length > 0)
                {
                    yield return new RemoteObject(key, one.Size ?? 0, one.ETag ?? "", (one.LastModified ?? DateTime.UnixEpoch).ToUniversalTime());
                }
            }
        }
    }

    public async IAsyncEnumerable<string> ListNamesAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var page in PagesAsync("", "/", cancellationToken).ConfigureAwait(false))
        {
            foreach (var name in (page.CommonPrefixes ?? []).Concat((page.S3Objects ?? []).Select(static one => one.Key)).Select(key => KeyOf(page, key)).Where(static name => name.Length > 0))
            {
                yield return name;
            }
        }
    }

    public async Task<Stream> OpenAsync(RemoteObject listed, CancellationToken cancellationToken)
    {
        var request = new GetObjectRequest { BucketName = _address.Bucket, Key = _address.Prefix + listed.Key, EtagToMatch = listed.Tag.Length == 0 ? null : listed.Tag };
        var response = await CallAsync(client => client.GetObjectAsync(request, cancellationToken), cancellationToken).ConfigureAwait(false);
        return response.ResponseStream;
    }

    public void Dispose()
    {
        if (_client.IsValueCreated)
        {
            _client.Value.Dispose();
        }
    }

    private static AmazonS3Client MakeClient(RemoteAddress address, S3Credential credential)
    {
        var config = new AmazonS3Config
        {
            RetryMode = RequestRetryMode.Standard,
            MaxErrorRetry = 2,
            ConnectTimeout = TimeSpan.FromSeconds(10),
            Timeout = TimeSpan.FromSeconds(30),

            // Stores that only speak like S3 know nothing of the checksums that the SDK would add by itself.
            RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED,
            ResponseChecksumValidation = ResponseChecksumValidation.WHEN_REQUIRED,
        };
        if (address.Endpoint is { } endpoint)
        {
            config.ServiceURL = endpoint.ToString();
            config.AuthenticationRegion = credential.Region ?? "us-east-1";
            config.ForcePathStyle = true;
        }
        else if (credential.Region is { } region)
        {
            config.RegionEndpoint = RegionEndpoint.GetBySystemName(region);
        }

        if (credential.Profile is { } profile)
        {
            config.Profile = new Profile(profile);
        }

        return credential is { KeyId: { } id, SecretKey: { } secret }
            ? new AmazonS3Client(credential.SessionToken is { } token ? new SessionAWSCredentials(id, secret, token) : new BasicAWSCredentials(id, secret), config)
            : new AmazonS3Client(config);
    }

    private async IAsyncEnumerable<ListObjectsV2Response> PagesAsync(string start, string? delimiter, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        string? token = null;
        do
        {
            var request = new ListObjectsV2Request { BucketName = _address.Bucket, Prefix = _address.Prefix + start, Delimiter = delimiter, ContinuationToken = token, Encoding = EncodingType.Url };
            var page = await CallAsync(client => client.ListObjectsV2Async(request, cancellationToken).WaitAsync(s_listing, cancellationToken), cancellationToken).ConfigureAwait(false);
            yield return page;
            var next = page.IsTruncated == true ? page.NextContinuationToken : null;
            if (page.IsTruncated == true && (string.IsNullOrEmpty(next) || next == token || (page.S3Objects ?? []).Count + (page.CommonPrefixes ?? []).Count == 0))
            {
                throw StoreFailures.Malformed("it says that there is more and leads nowhere");
            }

            token = next;
        }
        while (token is not null);
    }

    /// <summary>Keys are asked for in an encoding, since XML cannot hold all of them; a store that knows none sends them as they are, and says nothing of one.</summary>
    private string KeyOf(ListObjectsV2Response page, string sent)
    {
        var key = page.Encoding == EncodingType.Url ? WebUtility.UrlDecode(sent) : sent;
        return key.StartsWith(_address.Prefix, StringComparison.Ordinal) ? key[_address.Prefix.Length..] : throw StoreFailures.Malformed("a key does not begin with the prefix");
    }

    private async Task<T> CallAsync<T>(Func<AmazonS3Client, Task<T>> call, CancellationToken cancellationToken)
    {
        try
        {
            return await call(_client.Value).ConfigureAwait(false);
        }
        catch (AmazonServiceException exception) when (exception.StatusCode != 0 && !cancellationToken.IsCancellationRequested)
        {
            throw StoreFailures.Answered((int)exception.StatusCode, exception.ErrorCode);
        }
        catch (AmazonClientException exception) when (exception.InnerException is null && !cancellationToken.IsCancellationRequested)
        {
            throw new RemoteRepositoryException("no credentials or no region can be found: set AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_DEFAULT_REGION, or one of the other sources of the AWS SDK");
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            // Whatever the SDK throws: nobody above knows its exceptions.
            throw StoreFailures.Unreachable(exception);
        }
    }
}
