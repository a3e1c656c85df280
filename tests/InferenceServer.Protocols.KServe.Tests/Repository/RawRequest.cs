using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace InferenceServer.Protocols.KServe.Tests.Repository;

/// <summary>Sends a request byte for byte, as no client of .NET would.</summary>
internal static class RawRequest
{
    public static async Task<(int Status, string Text)> SendAsync(Uri address, string request)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(address.Host, address.Port);
        var stream = client.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes(request));
        using var reader = new StreamReader(stream, Encoding.UTF8);
        var text = await reader.ReadToEndAsync();
        return (int.Parse(text.AsSpan(9, 3), CultureInfo.InvariantCulture), text);
    }
}
