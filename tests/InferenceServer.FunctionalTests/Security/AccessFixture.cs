using InferenceServer.FunctionalTests.Server;
using InferenceServer.Host.Identities;
using InferenceServer.Testing.Files;
using Xunit;

namespace InferenceServer.FunctionalTests.Security;

/// <summary>A server that asks callers who they are, and the keys of some.</summary>
internal sealed class AccessFixture : IAsyncDisposable
{
    private readonly TemporaryDirectory _folder = new();
    private readonly List<string> _entries = [];

    public RunningServer Server { get; private set; } = null!;

    public string Path => System.IO.Path.Combine(_folder.FullPath, "access.json");

    public TemporaryDirectory Folder => _folder;

    /// <summary>Makes a key; it is known from the start on, or after <see cref="Save"/>.</summary>
    public string AddKey(string id, string grants, string more = "")
    {
        var key = ApiKey.Make(id);
        _entries.Add($$"""{"id": "{{id}}", "hash": "{{ApiKey.Hash(key)}}", "grants": {{grants}} {{more}} }""");
        return key;
    }

    public string AddAdmin() => AddKey("admin", """[{"scopes": ["inference", "metadata", "control", "metrics", "shared-memory"], "models": ["*"]}]""");

    public void RemoveKey(string id) => _entries.RemoveAll(entry => entry.Contains($"\"id\": \"{id}\"", StringComparison.Ordinal));

    public void Save(string more = "") => _folder.Write("access.json", $$"""{"keys": [{{string.Join(",\n", _entries)}}] {{more}} }""");

    public async Task StartAsync(string repository, params string[] flags)
    {
        Save();
        Server = await RunningServer.StartAsync(repository, flags: [$"--access-file={Path}", .. flags]);
    }

    /// <summary>Sends a request over HTTP.</summary>
    public async Task<(int Status, string Body, HttpResponseMessage Response)> SendAsync(string method, string path, string? key = null, string? body = null)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path) { Content = body is null ? null : new StringContent(body) };
        if (key is not null)
        {
            request.Headers.Add("X-API-Key", key);
        }

        var response = await Server.Http.SendAsync(request, TestContext.Current.CancellationToken);
        return ((int)response.StatusCode, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), response);
    }

    public async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        _folder.Dispose();
    }
}
