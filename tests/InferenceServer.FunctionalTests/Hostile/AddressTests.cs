using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Xunit;

namespace InferenceServer.FunctionalTests.Hostile;

/// <summary>Addresses in place of names: nothing that a client sends makes the server open a connection.</summary>
[Collection(BesiegedServerCollection.Name)]
public sealed class AddressTests(BesiegedServer server)
{
    public static TheoryData<string> Addresses =>
    [
        "http://127.0.0.1:{0}/model.onnx", "https://127.0.0.1:{0}/model.onnx", "ftp://127.0.0.1:{0}/model.onnx", "gopher://127.0.0.1:{0}/x", "file:///etc/passwd", "http://localhost:{0}/", "http://[::ffff:127.0.0.1]:{0}/",
        "http://2130706433:{0}/", "http://0x7f.1:{0}/", "http://169.254.169.254/latest/meta-data/", "s3://127.0.0.1:{0}/bucket/model", "as://127.0.0.1:{0}/account/model", "gs://bucket/model", "\\\\\\\\127.0.0.1\\\\share\\\\model", "//127.0.0.1:{0}/x",
    ];

    [Theory]
    [MemberData(nameof(Addresses))]
    public async Task Address_WhereverItStands_IsNotAskedForAnything(string address)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var url = string.Format(System.Globalization.CultureInfo.InvariantCulture, address, ((IPEndPoint)listener.LocalEndpoint).Port);
        string Config(string members) => $$$"""{"parameters":{"config":{{{JsonSerializer.Serialize($"{{\"backend\":\"onnxruntime\",{members}}}")}}}}}""";
        var tensor = """{"name":"X","data_type":"TYPE_UINT8","dims":[1]}""";
        (string Path, string Body)[] requests =
        [
            ($"/v2/repository/models/{Uri.EscapeDataString(url)}/load", ""),
            ($"/v2/models/{Uri.EscapeDataString(url)}/infer", BesiegedServer.Good),
            ("/v2/repository/models/fetched/load", $$$"""{"parameters":{"url":"{{{url}}}"}}"""),
            ("/v2/repository/models/fetched/load", $$$"""{"parameters":{"model_uri":"{{{url}}}"}}"""),
            ("/v2/repository/models/fetched/load", $$$"""{"parameters":{"config":"{}","file:{{{url}}}":"AAAA"}}"""),
            ("/v2/repository/models/fetched/load", $$$"""{"parameters":{"config":"{{{url}}}"}}"""),
            ("/v2/repository/models/fetched/load", Config($"\"default_model_filename\":\"{url}\"")),
            ("/v2/repository/models/fetched/load", Config($"\"backend\":\"{url}\"")),
            ("/v2/repository/models/fetched/load", Config($"\"model_operations\":{{\"op_library_filename\":[\"{url}\"]}}")),
            ("/v2/repository/models/fetched/load", Config($"\"model_warmup\":[{{\"name\":\"w\",\"inputs\":{{\"X\":{{\"data_type\":\"TYPE_UINT8\",\"dims\":[1],\"input_data_file\":\"{url}\"}}}}}}]")),
            ("/v2/repository/models/fetched/load", $$$"""{"parameters":{"config":{{{JsonSerializer.Serialize($$$$"""{"platform":"ensemble","input":[{{{{tensor}}}}],"output":[{{{{tensor}}}}],"ensemble_scheduling":{"step":[{"model_name":"{{{{url}}}}","model_version":-1}]}}""")}}}}}"""),
            ("/v2/trace/setting", $$"""{"trace_file":"{{url}}"}"""),
            ("/v2/trace/setting", $$"""{"url":"{{url}}"}"""),
            ("/v2/logging", $$"""{"log_file":"{{url}}"}"""),
            ("/v2/systemsharedmemory/region/fetched/register", $$"""{"key":"{{url}}","byte_size":1}"""),
        ];
        foreach (var (path, body) in requests)
        {
            var (status, said) = await server.PostAsync(path, body);
            Assert.True(status is >= 400 and < 600, $"{path} {body}: {status} {said}");
        }

        await server.StandsAsync();
        Assert.False(listener.Pending(), "somebody has called");
    }
}
