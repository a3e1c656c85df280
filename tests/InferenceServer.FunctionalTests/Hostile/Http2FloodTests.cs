using Xunit;

namespace InferenceServer.FunctionalTests.Hostile;

/// <summary>Floods of HTTP/2 frames: each is cheap to send, and the connection that sends them is ended.</summary>
[Collection(BesiegedServerCollection.Name)]
public sealed class Http2FloodTests(BesiegedServer server)
{
    private static readonly byte[] s_cancel = [0, 0, 0, 8];

    /// <summary>Requests that are taken back as soon as they are sent.</summary>
    [Fact]
    public async Task RapidResets_EndTheirConnection_AndRunNothing()
    {
        var before = await server.ConnectionsAsync();
        for (var round = 0; round < (Reliability.Stress.IsLong ? 100 : 6); round++)
        {
            using var attacker = await Http2Attacker.OpenAsync(server.RpcAddress);
            var goesOn = true;
            for (var stream = 1; stream < 40_000 && goesOn; stream += 2)
            {
                goesOn = await attacker.WriteAsync([.. Http2Attacker.Frame(Http2Attacker.Headers, Http2Attacker.EndHeaders, stream, Http2Attacker.Call), .. Http2Attacker.Frame(Http2Attacker.Reset, 0, stream, s_cancel)]);
            }

            if (goesOn)
            {
                await attacker.WriteAsync(Http2Attacker.Frame(Http2Attacker.GoAway, 0, 0, new byte[8]));
            }

            await attacker.ReadToEndAsync();
        }

        await server.StandsWithItsConnectionsAsync(before);
    }

    /// <summary>A block of headers that goes on in ever more frames.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Continuations_WithoutEnd_EndTheConnection(bool areEmpty)
    {
        using var attacker = await Http2Attacker.OpenAsync(server.RpcAddress);
        await attacker.WriteAsync(Http2Attacker.Frame(Http2Attacker.Headers, 0, 1, Http2Attacker.Call));
        byte[] piece = areEmpty ? [] : [.. Enumerable.Range(0, 100).SelectMany(static i => Http2Attacker.Field($"x{i}", new string('y', 100)))];
        var frames = Enumerable.Repeat(Http2Attacker.Frame(Http2Attacker.Continuation, 0, 1, piece), 100).SelectMany(static frame => frame).ToArray();
        var sent = 0;
        while (sent < 20_000 && await attacker.WriteAsync(frames))
        {
            sent += 100;
        }

        Assert.True(areEmpty || sent < 20_000, $"{sent} frames were taken");
        await server.StandsWithItsMemoryAsync();
    }

    /// <summary>Frames that ask for an answer or for work, again and again.</summary>
    [Theory]
    [InlineData(Http2Attacker.Ping)]
    [InlineData(Http2Attacker.Settings)]
    [InlineData(Http2Attacker.Priority)]
    [InlineData(Http2Attacker.WindowUpdate)]
    public async Task Frames_WithoutEnd_TakeNothingFromOthers(byte type)
    {
        using var attacker = await Http2Attacker.OpenAsync(server.RpcAddress);
        var frame = type switch
        {
            Http2Attacker.Ping => Http2Attacker.Frame(type, 0, 0, new byte[8]),
            Http2Attacker.Settings => Http2Attacker.Frame(type, 0, 0, [0, 4, 0, 0, 255, 255]),
            Http2Attacker.Priority => Http2Attacker.Frame(type, 0, 1, [0, 0, 0, 3, 16]),
            _ => Http2Attacker.Frame(type, 0, 0, [0, 0, 0, 1]),
        };
        var frames = Enumerable.Repeat(frame, 1000).SelectMany(static one => one).ToArray();

        // Nothing of what is answered is read.
        for (var i = 0; i < 200; i++)
        {
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
            var written = attacker.WriteAsync(frames);
            if (await Task.WhenAny(written, Task.Delay(500, patience.Token)) != written || !await written)
            {
                break;
            }
        }

        await server.StandsWithItsMemoryAsync();
    }

    /// <summary>Frames that are none: too long, of no type, on streams that cannot be, in the wrong order.</summary>
    [Fact]
    public async Task Frames_ThatAreNone_EndTheConnection()
    {
        byte[][] wrong =
        [
            [0xFF, 0xFF, 0xFF, Http2Attacker.Headers, 0, 0, 0, 0, 1],
            Http2Attacker.Frame(Http2Attacker.Headers, Http2Attacker.EndHeaders, 0, Http2Attacker.Call),
            Http2Attacker.Frame(Http2Attacker.Headers, Http2Attacker.EndHeaders, 2, Http2Attacker.Call),
            Http2Attacker.Frame(Http2Attacker.Continuation, Http2Attacker.EndHeaders, 1, Http2Attacker.Call),
            Http2Attacker.Frame(Http2Attacker.Push, Http2Attacker.EndHeaders, 1, [0, 0, 0, 2]),
            Http2Attacker.Frame(Http2Attacker.WindowUpdate, 0, 0, [0, 0, 0, 0]),
            [.. Http2Attacker.Frame(Http2Attacker.WindowUpdate, 0, 0, [0x7F, 0xFF, 0xFF, 0xFF]), .. Http2Attacker.Frame(Http2Attacker.WindowUpdate, 0, 0, [0x7F, 0xFF, 0xFF, 0xFF])],
            Http2Attacker.Frame(Http2Attacker.Settings, 0, 0, [0, 5, 0, 0, 0, 1]),
            Http2Attacker.Frame(Http2Attacker.Settings, 0, 0, [1, 2, 3]),
            Http2Attacker.Frame(Http2Attacker.Headers, Http2Attacker.EndHeaders, 1, [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]),
            Http2Attacker.Frame(Http2Attacker.Headers, Http2Attacker.EndHeaders, 1, [0x82, 0x86, 0xBE]),
        ];
        foreach (var bytes in wrong)
        {
            using var attacker = await Http2Attacker.OpenAsync(server.RpcAddress);
            await attacker.WriteAsync(bytes);
            server.TellsNothing(await attacker.ReadToEndAsync());
        }

        await server.StandsWithItsMemoryAsync();
    }

    /// <summary>Headers that HTTP/2 may carry and nobody may send: they are not taken, whatever the limits for one of them are.</summary>
    [Fact]
    public async Task Headers_TooMany_AreRefused()
    {
        using var attacker = await Http2Attacker.OpenAsync(server.RpcAddress);
        byte[] block = [.. Http2Attacker.Call, .. Enumerable.Range(0, 1_000).SelectMany(static i => Http2Attacker.Field($"x{i}", "y"))];
        await attacker.WriteAsync(Http2Attacker.Frame(Http2Attacker.Headers, Http2Attacker.EndHeaders, 1, block));
        server.TellsNothing(await attacker.ReadToEndAsync());
        await server.StandsWithItsMemoryAsync();
    }
}
