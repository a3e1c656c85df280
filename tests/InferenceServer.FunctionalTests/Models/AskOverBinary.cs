using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace InferenceServer.FunctionalTests.Models;

/// <summary>Asks with the binary tensor extension over HTTP, both ways.</summary>
internal sealed class AskOverBinary(HttpClient client) : IAsk
{
    private const string HeaderLength = "Inference-Header-Content-Length";

    public async Task<Answer> AskAsync(Question question, CancellationToken cancellationToken)
    {
        var inputs = question.Inputs.Select(static input =>
            $$"""{"name":"{{input.Name}}","datatype":"{{input.DataType}}","shape":[{{string.Join(',', input.Shape)}}],"parameters":{"binary_data_size":{{input.Raw.Length}} } }""");
        var parameters = question.ParametersAsJson.Append($"\"binary_data_output\":{(question.Outputs.Length == 0 ? "true" : "false")}");
        var outputs = question.Outputs.Length == 0
            ? ""
            : $$""","outputs":[{{string.Join(',', question.Outputs.Select(static name => $$"""{"name":"{{name}}","parameters":{"binary_data":true} }"""))}}]""";
        var id = question.Id.Length == 0 ? "" : $"\"id\":\"{question.Id}\",";
        var header = Encoding.UTF8.GetBytes($"{{{id}\"inputs\":[{string.Join(',', inputs)}]{outputs},\"parameters\":{{{string.Join(',', parameters)}}}}}");
        using var content = new ByteArrayContent([.. header, .. question.Inputs.SelectMany(static input => input.Raw)]);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        content.Headers.Add(HeaderLength, header.Length.ToString(CultureInfo.InvariantCulture));
        using var response = await client.PostAsync($"/v2/models/{question.Model}/infer", content, cancellationToken);
        var body = await response.Content.ReadAsByteArrayAsync(cancellationToken);
        var length = response.Headers.TryGetValues(HeaderLength, out var values) || response.Content.Headers.TryGetValues(HeaderLength, out values)
            ? int.Parse(values.Single(), CultureInfo.InvariantCulture)
            : body.Length;
        using var document = JsonDocument.Parse(body.AsMemory(0, length));
        return response.IsSuccessStatusCode ? Read(document.RootElement, body.AsSpan(length)) : AskOverJson.ReadError((int)response.StatusCode, document.RootElement);
    }

    private static Answer Read(JsonElement root, ReadOnlySpan<byte> tail)
    {
        var outputs = new List<AnswerOutput>();
        foreach (var output in root.GetProperty("outputs").EnumerateArray())
        {
            var size = output.GetProperty("parameters").GetProperty("binary_data_size").GetInt32();
            outputs.Add(Answer.FromRaw(
                output.GetProperty("name").GetString()!,
                output.GetProperty("datatype").GetString()!,
                [.. output.GetProperty("shape").EnumerateArray().Select(static value => value.GetInt64())],
                tail[..size]));
            tail = tail[size..];
        }

        Xunit.Assert.Equal(0, tail.Length);
        return new Answer
        {
            Id = root.TryGetProperty("id", out var id) ? id.GetString()! : "",
            ModelName = root.GetProperty("model_name").GetString()!,
            ModelVersion = root.GetProperty("model_version").GetString()!,
            Outputs = outputs,
        };
    }
}
