using InferenceServer.Core.Mirrors;
using InferenceServer.RemoteRepositories.Addresses;
using InferenceServer.RemoteRepositories.Credentials;
using Xunit;

namespace InferenceServer.RemoteRepositories.Tests.S3;

/// <summary>What the S3 client makes of answers that no well-behaved store gives.</summary>
public sealed class S3RepositoryTests
{
    private const string Secret = "verysecret";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Listing_IsReadPageByPage()
    {
        await using var store = await ScriptedS3.StartAsync(static request => request.Query["continuation-token"] == "next/1"
            ? (200, Page(Entry("p/b/1/model.onnx", 3)))
            : (200, Page(Entry("p/a/1/model.onnx", 2) + Entry("p/", 0), next: "next/1")));
        Assert.Equal(["a/1/model.onnx 2", "b/1/model.onnx 3"], (await ListAsync(store)).Select(static one => $"{one.Key} {one.Size}"));
        Assert.Equal(2, store.Requests.Count);
        Assert.All(store.Requests, static request => Assert.Contains("prefix=p%2F", request, StringComparison.Ordinal));
    }

    [Fact]
    public async Task EncodedKeys_AreDecodedOnce()
    {
        await using var store = await ScriptedS3.StartAsync(static request => (200, Page(Entry("p/a/1/x%2By+z%2541%01.bin", 2), encoding: request.Query["encoding-type"])));
        Assert.Equal(["a/1/x+y z%41\u0001.bin"], (await ListAsync(store)).Select(static one => one.Key));
    }

    [Fact]
    public async Task PlainKeysOfAStoreThatKnowsNoEncoding_AreLeftAlone()
    {
        await using var store = await ScriptedS3.StartAsync(static _ => (200, Page(Entry("p/a/1/x%2By+z.bin", 2))));
        Assert.Equal(["a/1/x%2By+z.bin"], (await ListAsync(store)).Select(static one => one.Key));
    }

    [Theory]
    [InlineData("other/a", null)]
    [InlineData("p/a", "")]
    public async Task MalformedListing_IsRefused(string key, string? next)
    {
        await using var store = await ScriptedS3.StartAsync(_ => (200, Page(Entry(key, 1), next)));
        var failure = await Assert.ThrowsAsync<RemoteRepositoryException>(() => ListAsync(store));
        Assert.Contains("malformed", failure.Message, StringComparison.Ordinal);
        Assert.False(failure.IsTransient);
    }

    [Theory]
    [InlineData(403, "SignatureDoesNotMatch", false, "the store answered 403 SignatureDoesNotMatch")]
    [InlineData(404, "NoSuchBucket", false, "the store answered 404 NoSuchBucket")]
    [InlineData(503, "SlowDown", true, "the store answered 503 SlowDown")]
    [InlineData(403, "&lt;b&gt; verysecret\n", false, "the store answered 403")]
    public async Task Refusal_IsToldByItsCodeAlone(int status, string code, bool isTransient, string message)
    {
        await using var store = await ScriptedS3.StartAsync(_ => (status, $"<Error><Code>{code}</Code><Message>the key {Secret}</Message></Error>"));
        var failure = await Assert.ThrowsAsync<RemoteRepositoryException>(() => ListAsync(store));
        Assert.Equal((message, isTransient), (failure.Message, failure.IsTransient));
        Assert.DoesNotContain(Secret, failure.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ServerThatFails_IsAskedABoundedNumberOfTimes()
    {
        await using var store = await ScriptedS3.StartAsync(static _ => (500, "<Error><Code>InternalError</Code></Error>"));
        await Assert.ThrowsAsync<RemoteRepositoryException>(() => ListAsync(store));
        Assert.Equal(3, store.Requests.Count);
    }

    [Fact]
    public async Task ObjectThatHasChanged_IsToldOf()
    {
        await using var store = await ScriptedS3.StartAsync(static request => request.Headers.IfMatch == "\"tag\"" ? (412, "<Error><Code>PreconditionFailed</Code></Error>") : (200, ""));
        var failure = await Assert.ThrowsAsync<RemoteRepositoryException>(() => Repository(store).OpenAsync(new RemoteObject("a/1/m", 1, "\"tag\"", DateTime.UnixEpoch), Token));
        Assert.True(failure.IsChanged);
        Assert.False(failure.IsTransient);
    }

    [Fact]
    public async Task Nobody_CannotBeReached()
    {
        await using var store = await ScriptedS3.StartAsync(static _ => (200, ""));
        var repository = Repository(store);
        await store.DisposeAsync();
        var failure = await Assert.ThrowsAsync<RemoteRepositoryException>(() => repository.OpenAsync(new RemoteObject("a", 1, "", DateTime.UnixEpoch), Token));
        Assert.Equal(("the store cannot be reached (ConnectionRefused)", true), (failure.Message, failure.IsTransient));
    }

    private static string Entry(string key, int size) => $"<Contents><Key>{key}</Key><LastModified>2026-01-02T03:04:05.000Z</LastModified><ETag>&quot;tag&quot;</ETag><Size>{size}</Size></Contents>";

    private static string Page(string entries, string? next = null, string? encoding = null) =>
        $"<ListBucketResult><Name>bucket</Name><IsTruncated>{(next is null ? "false" : "true")}</IsTruncated>{(next is null ? "" : $"<NextContinuationToken>{next}</NextContinuationToken>")}{(string.IsNullOrEmpty(encoding) ? "" : $"<EncodingType>{encoding}</EncodingType>")}{entries}</ListBucketResult>";

    private static IRemoteRepository Repository(ScriptedS3 store)
    {
        Assert.True(RemoteAddressReader.TryRead($"s3://{store.Address}/bucket/p", out var address, out _));
        var credentials = CloudCredentials.Read(static name => name switch { "AWS_ACCESS_KEY_ID" => "id", "AWS_SECRET_ACCESS_KEY" => Secret, _ => null }, static _ => [], []);
        return RemoteRepositoryFactory.Create(address, credentials);
    }

    private static async Task<List<RemoteObject>> ListAsync(ScriptedS3 store)
    {
        var found = new List<RemoteObject>();
        await foreach (var one in Repository(store).ListAsync("", Token))
        {
            found.Add(one);
        }

        return found;
    }
}
