using InferenceServer.RemoteRepositories.Addresses;
using Xunit;

namespace InferenceServer.RemoteRepositories.Tests.Addresses;

public sealed class RemoteAddressReaderTests
{
    [Theory]
    [InlineData("s3://bucket", null, "bucket", "", "s3://bucket")]
    [InlineData("s3://bucket.with.dots/a", null, "bucket.with.dots", "a/", "s3://bucket.with.dots/a")]
    [InlineData("s3://bucket/a/b/", null, "bucket", "a/b/", "s3://bucket/a/b")]
    [InlineData("s3://bucket//a///b", null, "bucket", "a/b/", "s3://bucket/a/b")]
    [InlineData("s3://host:9000/bucket/a", "http://host:9000/", "bucket", "a/", "s3://http://host:9000/bucket/a")]
    [InlineData("s3://10.0.0.1:9000/bucket", "http://10.0.0.1:9000/", "bucket", "", "s3://http://10.0.0.1:9000/bucket")]
    [InlineData("s3://[::1]:9000/bucket", "http://[::1]:9000/", "bucket", "", "s3://http://[::1]:9000/bucket")]
    [InlineData("s3://http://host:9000/bucket/a", "http://host:9000/", "bucket", "a/", "s3://http://host:9000/bucket/a")]
    [InlineData("s3://https://host:9000/bucket/a b", "https://host:9000/", "bucket", "a b/", "s3://https://host:9000/bucket/a b")]
    [InlineData("s3://https://host/bucket/a", "https://host/", "bucket", "a/", "s3://https://host/bucket/a")]
    public void S3_IsReadInTheFormsOfTriton(string text, string? endpoint, string bucket, string prefix, string url)
    {
        Assert.True(RemoteAddressReader.TryRead(text, out var address, out var problem), problem);
        Assert.Equal((StoreKind.S3, endpoint, bucket, prefix, url), (address.Kind, address.Endpoint?.ToString(), address.Bucket, address.Prefix, address.Url));
    }

    [Theory]
    [InlineData("as://account/container", null, "account", "container", "", "as://account/container")]
    [InlineData("as://account/container/a/b/", null, "account", "container", "a/b/", "as://account/container/a/b")]
    [InlineData("as://account.blob.core.windows.net/container/a", null, "account", "container", "a/", "as://account/container/a")]
    [InlineData("as://http://127.0.0.1:10000/account/container/a", "http://127.0.0.1:10000/", "account", "container", "a/", "as://http://127.0.0.1:10000/account/container/a")]
    public void Azure_IsReadInTheFormOfTritonAndWithAnEndpoint(string text, string? endpoint, string account, string container, string prefix, string url)
    {
        Assert.True(RemoteAddressReader.TryRead(text, out var address, out var problem), problem);
        Assert.Equal((StoreKind.Azure, endpoint, account, container, prefix, url), (address.Kind, address.Endpoint?.ToString(), address.Account, address.Bucket, address.Prefix, address.Url));
    }

    [Theory]
    [InlineData("gs://bucket/a", "gs://")]
    [InlineData("file:///models", "file://")]
    [InlineData("s3://", "names no bucket")]
    [InlineData("s3://http://host:9000/", "names no bucket")]
    [InlineData("s3://http:///bucket", "no host")]
    [InlineData("s3://host:99999/bucket", "host and port")]
    [InlineData("s3://bucket/../other", "'..'")]
    [InlineData("s3://bucket/a?x=1", "'?'")]
    [InlineData("s3://bucket/a\\b", "'\\'")]
    [InlineData("as://account", "account and container")]
    [InlineData("as://not an account/container", "account and container")]
    public void WhatIsNoAddress_IsRefusedWithTheReason(string text, string reason)
    {
        Assert.True(RemoteAddressReader.IsAddress(text));
        Assert.False(RemoteAddressReader.TryRead(text, out _, out var problem));
        Assert.Contains(reason, problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("s3://key:verysecret@host/bucket")]
    [InlineData("as://account/container?sig=verysecret")]
    public void Secret_IsRefusedAndNotRepeated(string text)
    {
        Assert.False(RemoteAddressReader.TryRead(text, out _, out var problem));
        Assert.DoesNotContain("verysecret", problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/models")]
    [InlineData("models")]
    [InlineData("C:\\models")]
    [InlineData("s3")]
    public void Folder_IsNoAddress(string text) => Assert.False(RemoteAddressReader.IsAddress(text));
}
