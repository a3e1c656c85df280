using System.Text.RegularExpressions;
using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;
using InferenceServer.Testing.Files;

namespace InferenceServer.FunctionalTests.Stores;

/// <summary>s3rver: a server that speaks S3, with its objects in a folder.</summary>
internal sealed partial class S3Store : IStore
{
    private const string Bucket = "models";

    /// <summary>The only key that it knows.</summary>
    private const string Key = "S3RVER";

    private readonly TemporaryDirectory _folder;
    private readonly StoreProcess _process;
    private readonly AmazonS3Client _client;
    private readonly string _endpoint;

    private S3Store(TemporaryDirectory folder, StoreProcess process, int port)
    {
        _folder = folder;
        _process = process;
        _endpoint = $"http://127.0.0.1:{port}";
        _client = new AmazonS3Client(
            new BasicAWSCredentials(Key, Key),
            new AmazonS3Config { ServiceURL = _endpoint, ForcePathStyle = true, RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED });

        // The server under test takes its credentials from the environment of the process, which is this one.
        Environment.SetEnvironmentVariable("AWS_ACCESS_KEY_ID", Key);
        Environment.SetEnvironmentVariable("AWS_SECRET_ACCESS_KEY", Key);
    }

    /// <summary>The objects that were read, each as often as it was, by what the server says of each request: its address, status, time and bytes of the answer, of which an upload has none.</summary>
    public string[] Downloads => [.. _process.Output.Select(static line => Request().Match(line)).Where(static match => match.Success).Select(static match => match.Groups["key"].Value)];

    public static async Task<S3Store> StartAsync()
    {
        var folder = new TemporaryDirectory();
        // Its marks between pages are enciphered with what a current library takes for too weak.
        var (process, port) = await StoreProcess.StartAsync(
            "s3rver", port => ["-d", folder.FullPath, "-a", "127.0.0.1", "-p", port, "--configure-bucket", Bucket], new Dictionary<string, string> { ["NODE_OPTIONS"] = "--openssl-legacy-provider" });
        return new S3Store(folder, process, port);
    }

    public string Address(string prefix) => $"s3://{_endpoint}/{Bucket}/{prefix}";

    public Task PutAsync(string key, byte[] content) => _client.PutObjectAsync(new PutObjectRequest { BucketName = Bucket, Key = key, InputStream = new MemoryStream(content), UseChunkEncoding = false });

    public Task DeleteAsync(string key) => _client.DeleteObjectAsync(Bucket, key);

    public void Stop() => _process.End();

    public Task StartAgainAsync() => _process.StartAgainAsync();

    [GeneratedRegex("/(?<key>[^? ]+) 200 [0-9]+ms [1-9][0-9.]*k?b$")]
    private static partial Regex Request();

    public void Dispose()
    {
        _client.Dispose();
        _process.Dispose();
        _folder.Dispose();
    }
}
