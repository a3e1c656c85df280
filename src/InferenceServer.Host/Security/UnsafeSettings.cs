using System.Net;
using InferenceServer.Core.Repository;
using InferenceServer.Host.Options;

namespace InferenceServer.Host.Security;

/// <summary>Finds settings that are harmless each by itself and unsafe together. The server starts all the same: it is for its operator to know why they are so.</summary>
internal static class UnsafeSettings
{
    /// <summary>What is unsafe, and what to do about it.</summary>
    public static IEnumerable<(string Problem, string Advice)> Find(ServerOptions options)
    {
        var security = options.Security;
        var (http, grpc, metrics) = (IsPublic(options.Http), IsPublic(options.Grpc), IsPublic(options.Metrics));
        var isReachable = http || grpc;
        var isOpen = !security.ChecksCallers;
        if (isReachable && isOpen && options.ModelControlMode == ModelControlMode.Explicit && !AllGuarded("model-repository"))
        {
            yield return ("--model-control-mode=explicit lets everybody who reaches the ports load models, and so run whatever a model file can hold.", "Use --access-file, listen on 127.0.0.1, or restrict the category model-repository.");
        }

        if (isReachable && isOpen && options.AllowClientShm && !AllGuarded("shared-memory"))
        {
            yield return ("--allow-client-shm lets everybody who reaches the ports read and write shared memory of this machine.", "Use --access-file, listen on 127.0.0.1, or restrict the category shared-memory.");
        }

        if (isReachable && isOpen && security.AllowsSettingChanges && !(AllGuarded("logging") && AllGuarded("trace")))
        {
            yield return ("--allow-setting-changes lets everybody who reaches the ports switch the log off.", "Use --access-file, listen on 127.0.0.1, or restrict the categories logging and trace.");
        }

        if (security.ChecksCallers && ((http && security.HttpTls is null) || (grpc && security.GrpcTls is null)))
        {
            yield return ($"Keys and tokens come in plain text over {Names(http && security.HttpTls is null, grpc && security.GrpcTls is null)}, and whoever can listen can use them.", "Use --http-use-ssl and --grpc-use-ssl, or listen on 127.0.0.1 behind something that ends TLS.");
        }

        if ((http && security.HttpTls is null && !options.HttpRestrictions.IsEmpty) || (grpc && security.GrpcTls is null && !options.GrpcRestrictions.IsEmpty))
        {
            yield return ("The headers of restricted categories come in plain text, and whoever can listen can use them.", "Use --http-use-ssl and --grpc-use-ssl, or listen on 127.0.0.1 behind something that ends TLS.");
        }

        if (metrics && security is { ChecksCallers: true, MetricsArePublic: true })
        {
            yield return ("Callers have to show who they are, and the metrics tell everybody the names of the models and what they do.", "Leave metrics out of --public-api, or set --metrics-address to an address that only the scraper reaches.");
        }

        if (metrics && security is { ChecksCallers: true, MetricsArePublic: false, MetricsTls: null })
        {
            yield return ("The scraper's key comes in plain text over the metrics port.", "Use --metrics-use-ssl, or set --metrics-address to an address that only the scraper reaches.");
        }

        if (http && isOpen && security.Cors is { } cors && cors.Origins.Contains("*"))
        {
            yield return ("Every page that somebody opens in a browser may call this server, and nobody has to show who they are.", "Name the pages with --http-cors-origin, or use --access-file.");
        }

        bool AllGuarded(string category) => (!http || options.HttpRestrictions.Restricts(category)) && (!grpc || options.GrpcRestrictions.Restricts(category));
    }

    private static string Names(bool http, bool grpc) => (http, grpc) switch { (true, true) => "HTTP and gRPC", (true, false) => "HTTP", _ => "gRPC" };

    private static bool IsPublic(IPEndPoint? endPoint) => endPoint is not null && !IPAddress.IsLoopback(endPoint.Address);
}
