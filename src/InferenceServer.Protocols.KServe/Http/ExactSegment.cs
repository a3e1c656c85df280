using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace InferenceServer.Protocols.KServe.Http;

/// <summary>
/// A segment of a path that must be one word, letter for letter. A literal of a pattern would also match the word in other letters, which
/// may be the name of a model.
/// </summary>
internal sealed class ExactSegment(string word) : IRouteConstraint
{
    public bool Match(HttpContext? httpContext, IRouter? route, string routeKey, RouteValueDictionary values, RouteDirection routeDirection)
    {
        ArgumentNullException.ThrowIfNull(values);
        return values.TryGetValue(routeKey, out var value) && value is string text && text == word;
    }
}
