using System.Text.Json;
using Grpc.Core;
using Inference;
using InferenceServer.Testing.SharedMemory;
using Xunit;

namespace InferenceServer.FunctionalTests.Hostile;

/// <summary>Shared memory that is not where it is said to be, or is taken away.</summary>
[Collection(BesiegedServerCollection.Name)]
public sealed class SharedMemoryAttackTests(BesiegedServer server)
{
    private const int Size = 4096;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("0", "0")]
    [InlineData("0", "-1")]
    [InlineData("0", "4097")]
    [InlineData("0", "9223372036854775807")]
    [InlineData("0", "18446744073709551615")]
    [InlineData("0", "36893488147419103232")]
    [InlineData("-1", "4096")]
    [InlineData("1", "4096")]
    [InlineData("4096", "1")]
    [InlineData("9223372036854775807", "1")]
    [InlineData("9223372036854775807", "9223372036854775807")]
    [InlineData("18446744073709551615", "2")]
    [InlineData("18446744073709551000", "4096")]
    [InlineData("1.5", "16")]
    [InlineData("\"0\"", "16")]
    public async Task Region_BeyondItsObject_IsNotRegistered(string offset, string size)
    {
        using var file = new SharedMemoryFile(Size);
        var (status, body) = await server.PostAsync("/v2/systemsharedmemory/region/beyond/register", $$"""{"key":"{{file.Key}}","offset":{{offset}},"byte_size":{{size}}}""");
        Assert.True(status is 400 or 429, body);
        if (ulong.TryParse(offset, out var rpcOffset) && ulong.TryParse(size, out var rpcSize))
        {
            var error = await Assert.ThrowsAsync<RpcException>(async () => await server.Rpc.SystemSharedMemoryRegisterAsync(new() { Name = "beyond", Key = file.Key, Offset = rpcOffset, ByteSize = rpcSize }, cancellationToken: Token));
            Assert.True(error.StatusCode is StatusCode.InvalidArgument or StatusCode.ResourceExhausted, error.Status.Detail);
        }

        Assert.DoesNotContain("beyond", (await server.SendAsync(HttpMethod.Get, "/v2/systemsharedmemory/status", null)).Body, StringComparison.Ordinal);
        await server.StandsAsync();
    }

    [Theory]
    [InlineData("../etc/passwd")]
    [InlineData("/../etc/passwd")]
    [InlineData("/../../proc/self/mem")]
    [InlineData("a/../../etc/hostname")]
    [InlineData("/etc/passwd")]
    [InlineData("\\u0000")]
    [InlineData("x\\u0000y")]
    [InlineData(".")]
    [InlineData("..")]
    [InlineData("")]
    public async Task Key_ThatLeadsElsewhere_IsRefused(string key)
    {
        var (status, body) = await server.PostAsync("/v2/systemsharedmemory/region/elsewhere/register", $$"""{"key":"{{key}}","byte_size":1}""");
        Assert.True(status == 400, body);
        Assert.DoesNotContain("root:", body, StringComparison.Ordinal);
        await server.StandsAsync();
    }

    /// <summary>Somebody who may write to the folder of the objects, and wants the server to read for him what he may not.</summary>
    [Theory]
    [InlineData("/etc/shadow")]
    [InlineData("/proc/self/mem")]
    [InlineData("/dev/zero")]
    [InlineData("/")]
    public async Task Key_OfALink_IsNotFollowed(string target)
    {
        var name = $"inference-server-test-{Guid.NewGuid():N}";
        File.CreateSymbolicLink("/dev/shm/" + name, target);
        try
        {
            var (status, body) = await server.PostAsync("/v2/systemsharedmemory/region/link/register", $$"""{"key":"/{{name}}","byte_size":1}""");
            Assert.True(status == 400, body);
        }
        finally
        {
            File.Delete("/dev/shm/" + name);
        }

        await server.StandsAsync();
    }

    [Theory]
    [InlineData(9223372036854775807, 4)]
    [InlineData(9223372036854775807, 9223372036854775807)]
    [InlineData(4096, 4)]
    [InlineData(4093, 4)]
    [InlineData(-1, 4)]
    [InlineData(-4, 4)]
    [InlineData(0, -1)]
    [InlineData(0, 4097)]
    [InlineData(0, 3)]
    [InlineData(0, 5)]
    [InlineData(0, 0)]
    public async Task Tensor_BeyondItsRegion_IsRefusedOverBothProtocols(long offset, long size)
    {
        using var file = new SharedMemoryFile(Size);
        await RegisterAsync("r", file);
        try
        {
            var place = $$$"""{"shared_memory_region":"r","shared_memory_offset":{{{offset}}},"shared_memory_byte_size":{{{size}}}}""";
            var (status, body) = await server.PostAsync("/v2/models/echo_UINT8/infer", $$"""{"inputs":[{"name":"X","datatype":"UINT8","shape":[4],"parameters":{{place}}}]}""");
            Assert.True(status == 400, body);
            if (!(offset == 0 && size > 4))
            {
                (status, body) = await server.PostAsync("/v2/models/echo_UINT8/infer", $$"""{"inputs":[{"name":"X","datatype":"UINT8","shape":[4],"data":[1,2,3,4]}],"outputs":[{"name":"Y","parameters":{{place}}}]}""");
                Assert.True(status == 400, body);
            }

            var request = new ModelInferRequest { ModelName = "echo_UINT8", Inputs = { new ModelInferRequest.Types.InferInputTensor { Name = "X", Datatype = "UINT8", Shape = { 4 } } } };
            SharedMemory.SharedMemoryServer.Place(request.Inputs[0].Parameters, offset, size);
            var error = await Assert.ThrowsAsync<RpcException>(async () => await server.Rpc.ModelInferAsync(request, cancellationToken: Token));
            Assert.Equal(StatusCode.InvalidArgument, error.StatusCode);
            Assert.All(file.Read(0, Size), static one => Assert.Equal(0, one));
        }
        finally
        {
            await UnregisterAsync("r");
        }

        await server.StandsAsync();
    }

    /// <summary>While requests read and write a region it is unregistered, cut short and deleted under them, each time at another moment.</summary>
    [Fact]
    public async Task Region_TakenAwayWhileItIsUsed_FailsAtMostItsRequest()
    {
        var random = new Random(7);
        var rounds = Reliability.Stress.IsLong ? 1_000 : 40;
        var answered = 0;
        await Parallel.ForEachAsync(Enumerable.Range(0, rounds), new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = Token }, async (round, _) =>
        {
            using var file = new SharedMemoryFile(Size);
            var region = $"taken{round}";
            await RegisterAsync(region, file);
            file.Write(Enumerable.Repeat((byte)round, 8).ToArray());
            var place = $$$"""{"shared_memory_region":"{{{region}}}","shared_memory_byte_size":8}""";
            var output = $$$"""{"shared_memory_region":"{{{region}}}","shared_memory_byte_size":8,"shared_memory_offset":2048}""";
            var asked = server.PostAsync("/v2/models/slow/infer", $$"""{"inputs":[{"name":"X","datatype":"UINT8","shape":[8],"parameters":{{place}}}],"outputs":[{"name":"Y","parameters":{{output}}}]}""");
            await Task.Delay(random.Next(0, 400), Token);
            if (round % 3 != 0)
            {
                await UnregisterAsync(region);
            }

            if (round % 2 == 0)
            {
                file.Length = round % 4 == 0 ? 0 : 8;
            }

            // Of a request that is read after the region has gone there is none of that name.
            var (status, body) = await asked;
            Assert.True(status is 200 or 400 || (status is 404 && round % 3 != 0), body);
            if (status == 200 && round % 2 != 0)
            {
                Assert.Equal(Enumerable.Repeat((byte)round, 8), file.Read(2048, 8));
                Interlocked.Increment(ref answered);
            }

            await UnregisterAsync(region);
        });
        Assert.True(answered > 0);
        await server.StandsAsync();
    }

    /// <summary>The server keeps nothing of its own where clients may register things: there is no name of it to be learnt, and none to be registered.</summary>
    [Fact]
    public async Task Server_OwnsNothingInSharedMemory()
    {
        Assert.DoesNotContain("/dev/shm/", await File.ReadAllTextAsync($"/proc/{server.ProcessId}/maps", Token), StringComparison.Ordinal);
        foreach (var descriptor in Directory.GetFiles($"/proc/{server.ProcessId}/fd"))
        {
            Assert.False(new FileInfo(descriptor).LinkTarget?.StartsWith("/dev/shm", StringComparison.Ordinal) == true, descriptor);
        }

        using var document = JsonDocument.Parse((await server.SendAsync(HttpMethod.Get, "/v2/systemsharedmemory/status", null)).Body);
        Assert.Equal(0, document.RootElement.GetArrayLength());
    }

    private async Task RegisterAsync(string region, SharedMemoryFile file)
    {
        var (status, body) = await server.PostAsync($"/v2/systemsharedmemory/region/{region}/register", $$"""{"key":"{{file.Key}}","byte_size":{{Size}}}""");
        Assert.True(status == 200, body);
    }

    private async Task UnregisterAsync(string region)
    {
        var (status, body) = await server.PostAsync($"/v2/systemsharedmemory/region/{region}/unregister", "");
        Assert.True(status == 200, body);
    }
}
